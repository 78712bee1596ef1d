terraform {
  required_version = ">= 1.5"
}

provider "aws" {
  region = var.region
}

module "uploads" {
  source = "./modules/storage"

  name = "shop-uploads"
}

resource "aws_security_group" "web" {
  name        = "shop-web"
  description = "The shop's web servers"

  ingress {
    description = "Administration"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_db_instance" "orders" {
  identifier          = "shop-orders"
  engine              = "postgres"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "shop"
  password            = "example-only-password"
  publicly_accessible = true
  storage_encrypted   = false
  skip_final_snapshot = true
}

resource "aws_iam_policy" "operator" {
  name = "shop-operator"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}

resource "aws_kms_key" "orders" {
  #checkov:skip=CKV2_AWS_64:The account's default key policy is meant here
  description         = "Encrypts the orders"
  enable_key_rotation = true
}

"""Settings that Flask reads."""

DATABASE = "shop.sqlite"
SECRET_KEY = "not-a-real-secret-but-hard-coded"
SUPPLIER_URL = "https://supplier.example/api"
SUPPLIER_PASSWORD = "example-only-password"
UPLOADS = "/tmp/shop-uploads"
SESSION_COOKIE_SECURE = False

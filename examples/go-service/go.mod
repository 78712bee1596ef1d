module shop.example/go-service

go 1.22

require (
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	github.com/google/uuid v1.6.0
	golang.org/x/text v0.3.5
)

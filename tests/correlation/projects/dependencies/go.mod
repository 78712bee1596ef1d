module shop.example/shop

go 1.21

require (
	golang.org/x/text v0.3.7
	github.com/teapots/Kettle v1.0.0
)

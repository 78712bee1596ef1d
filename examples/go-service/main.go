// Command go-service keeps the stock of the shop. Deliberately vulnerable: see ../README.md.
package main

import (
	"database/sql"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	database, err := sql.Open(os.Getenv("DATABASE_DRIVER"), os.Getenv("DATABASE_ADDRESS"))
	if err != nil {
		log.Fatal(err)
	}
	stock := &Stock{database: database}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /articles", stock.search)
	routes.HandleFunc("GET /articles/{id}", stock.article)
	routes.HandleFunc("GET /pictures", picture)
	routes.HandleFunc("GET /pictures/{name}", listedPicture)
	routes.HandleFunc("GET /labels", label)
	routes.HandleFunc("POST /sessions", logIn)
	routes.HandleFunc("GET /sessions", whoIs)
	routes.HandleFunc("GET /prices/{id}", price)
	server := &http.Server{Addr: "127.0.0.1:8080", Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

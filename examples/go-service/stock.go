package main

import (
	"database/sql"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/text/language"
)

// Stock answers what the shop has.
type Stock struct {
	database *sql.DB
}

var languages = language.NewMatcher([]language.Tag{language.English, language.German})

func (s *Stock) search(w http.ResponseWriter, r *http.Request) {
	words := r.FormValue("words")
	rows, err := s.database.Query("SELECT name FROM articles WHERE name LIKE '%" + words + "%'")
	reply(w, rows, err)
}

func (s *Stock) article(w http.ResponseWriter, r *http.Request) {
	tag, _ := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	rows, err := s.database.Query("SELECT name FROM articles WHERE id = $1 AND language = $2", r.PathValue("id"), tag.String())
	reply(w, rows, err)
}

func reply(w http.ResponseWriter, rows *sql.Rows, err error) {
	w.Header().Set("Request-Id", uuid.NewString())
	if err != nil {
		http.Error(w, "the stock cannot be read", http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			http.Error(w, "the stock cannot be read", http.StatusInternalServerError)
			return
		}
		names = append(names, name)
	}
	_ = json.NewEncoder(w).Encode(names)
}

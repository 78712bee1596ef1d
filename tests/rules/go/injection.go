package example

import (
	"database/sql"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"os/exec"
	"strconv"
)

func users(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	// ruleid: go-sql-injection
	db.Query("SELECT * FROM users WHERE name = '" + name + "'")
	// ruleid: go-sql-injection
	db.Exec(fmt.Sprintf("DELETE FROM users WHERE id = %s", r.FormValue("id")))
	// ok: go-sql-injection
	db.Query("SELECT * FROM users WHERE name = ?", name)
	limit, _ := strconv.Atoi(r.FormValue("limit"))
	// ok: go-sql-injection
	db.Query("SELECT * FROM users LIMIT ?", limit)
}

func search(c *gin.Context) {
	// ruleid: go-sql-injection
	db.QueryRow("SELECT * FROM items WHERE name = '" + c.Query("name") + "'")
}

func report(db *sql.DB, table string, day string) {
	// ruleid: go-sql-string-format
	db.Exec("DELETE FROM " + table)
	query := fmt.Sprintf("SELECT * FROM visits WHERE day = '%s'", day)
	// ruleid: go-sql-string-format
	db.Query(query)
	// ok: go-sql-string-format
	db.Query("SELECT * FROM visits WHERE day = ?", day)
	// ok: go-sql-string-format
	db.Query("SELECT * FROM visits " + "WHERE day = ?", day)
	// ok: go-sql-string-format
	runner.Exec(fmt.Sprintf("report %s", day))
}

func ping(w http.ResponseWriter, r *http.Request) {
	host := r.FormValue("host")
	// ruleid: go-command-injection
	exec.Command("sh", "-c", "ping -c 1 "+host)
	// ruleid: go-command-injection
	exec.Command(r.FormValue("program"))
	// ok: go-command-injection
	exec.Command("ping", "-c", "1", host)
}

func hello(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	// ruleid: go-reflected-xss
	fmt.Fprintf(w, "<h1>%s</h1>", name)
	// ruleid: go-reflected-xss
	io.WriteString(w, "<h1>"+name+"</h1>")
	// ok: go-reflected-xss
	fmt.Fprintf(w, "<h1>%s</h1>", template.HTMLEscapeString(name))
	// ok: go-reflected-xss
	page.Execute(w, name)
}

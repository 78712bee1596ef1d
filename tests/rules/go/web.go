package example

import (
	"net/http"
	_ "net/http/pprof"
)

func serve() {
	// ruleid: go-profiler-exposed
	http.ListenAndServe(":8080", nil)
	// ok: go-profiler-exposed
	http.ListenAndServe("localhost:6060", nil)
	// ok: go-profiler-exposed
	http.ListenAndServe(":8080", mux)
}

func cookies(w http.ResponseWriter, id string) {
	// ruleid: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Secure: false})
	// ok: go-insecure-cookie
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Secure: true, HttpOnly: true})
}

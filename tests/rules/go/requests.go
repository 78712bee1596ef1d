package example

import (
	"archive/zip"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

func download(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-path-traversal
	os.ReadFile("/srv/files/" + r.FormValue("file"))
	file := filepath.Join("/srv/files", r.URL.Query().Get("file"))
	// ruleid: go-path-traversal
	http.ServeFile(w, r, file)
	// ok: go-path-traversal
	os.Open(filepath.Join("/srv/files", filepath.Base(r.FormValue("file"))))
	// ok: go-path-traversal
	os.Open("/srv/files/readme.txt")
}

func preview(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-server-side-request-forgery
	http.Get(r.FormValue("url"))
	// ruleid: go-server-side-request-forgery
	http.Get(fmt.Sprintf("https://%s/status", r.FormValue("host")))
	// ok: go-server-side-request-forgery
	http.Get("https://api.example.com/items/" + r.FormValue("item"))
	// ok: go-server-side-request-forgery
	http.Get("https://api.example.com/items")
}

func login(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-open-redirect
	http.Redirect(w, r, r.FormValue("next"), http.StatusFound)
	// ok: go-open-redirect
	http.Redirect(w, r, "/users/"+r.FormValue("name"), http.StatusFound)
	// ok: go-open-redirect
	http.Redirect(w, r, "/home", http.StatusFound)
}

func unpack(archive *zip.Reader, base string) {
	for _, file := range archive.File {
		// ruleid: go-archive-path-traversal
		os.Create(filepath.Join(base, file.Name))
	}
}

func unpackSafely(archive *zip.Reader, base string) {
	for _, file := range archive.File {
		if !filepath.IsLocal(file.Name) {
			continue
		}
		// ok: go-archive-path-traversal
		os.Create(filepath.Join(base, file.Name))
	}
}

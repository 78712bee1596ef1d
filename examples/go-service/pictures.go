package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

const folder = "pictures"

func picture(w http.ResponseWriter, r *http.Request) {
	content, err := os.ReadFile(filepath.Join(folder, r.FormValue("name")))
	send(w, content, err)
}

func listedPicture(w http.ResponseWriter, r *http.Request) {
	content, err := os.ReadFile(filepath.Join(folder, filepath.Base(r.PathValue("name"))))
	send(w, content, err)
}

func label(w http.ResponseWriter, r *http.Request) {
	content, err := exec.Command("sh", "-c", "qrencode --output=- "+r.FormValue("text")).Output()
	send(w, content, err)
}

func send(w http.ResponseWriter, content []byte, err error) {
	if err != nil {
		http.NotFound(w, nil)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(content)
}

package example

import (
	"crypto/aes"
	"crypto/des"
	"crypto/sha256"
	"crypto/tls"
	"math/rand"
)

func connections() {
	// ruleid: go-tls-verification-disabled
	open := &tls.Config{ServerName: "a.example", InsecureSkipVerify: true}
	// ok: go-tls-verification-disabled
	checked := &tls.Config{RootCAs: pool}
	// ruleid: go-tls-old-version
	old := &tls.Config{MinVersion: tls.VersionTLS10}
	// ok: go-tls-old-version
	current := &tls.Config{MinVersion: tls.VersionTLS13}
	// ruleid: go-ssh-unknown-host-accepted
	careless := &ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	// ok: go-ssh-unknown-host-accepted
	careful := &ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(key)}
}

func ciphers(key []byte) {
	// ruleid: go-weak-cipher
	des.NewCipher(key)
	// ok: go-weak-cipher
	aes.NewCipher(key)
}

func passwords(password string, data []byte) {
	// ruleid: go-weak-password-hash
	sha256.Sum256([]byte(password))
	// ok: go-weak-password-hash
	sha256.Sum256(data)
	// ok: go-weak-password-hash
	bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
}

func tokens() {
	// ruleid: go-predictable-token
	token := rand.Int63()
	// ruleid: go-predictable-token
	resetCode := strconv.Itoa(rand.Intn(1000000))
	// ok: go-predictable-token
	colour := rand.Intn(255)
}

func claims(text string, key []byte) {
	// ruleid: go-jwt-unverified
	parser.ParseUnverified(text, &claims)
	// ok: go-jwt-unverified
	jwt.Parse(text, keyFunction, jwt.WithValidMethods([]string{"RS256"}))
	// ruleid: go-hardcoded-secret-key
	token.SignedString([]byte("not-a-real-key"))
	// ok: go-hardcoded-secret-key
	token.SignedString(key)
}

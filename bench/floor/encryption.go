package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
)

func encryption() {
	text, err := base64.StdEncoding.DecodeString(os.Getenv("ENCRYPTION_RSA_PRIVATE_KEY"))
	done("base64", err)
	block, _ := pem.Decode(text)
	if block == nil {
		done("PEM", errors.New("no block"))
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	done("key", err)
	key := parsed.(*rsa.PrivateKey)
	secret := make([]byte, 32)
	rand.Read(secret)
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &key.PublicKey, secret, nil)
	done("wrap", err)
	_, err = rsa.DecryptOAEP(sha256.New(), nil, key, wrapped, nil)
	done("unwrap", err)
	hash := sha256.Sum256(secret)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
	done("sign", err)
	done("verify", rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, hash[:], signature))
}

package main

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"github.com/enbility/ship-go/cert"
)

// identity returns the certificate kept in a folder, made there at the first start, and its SKI.
func identity(folder, name string) (tls.Certificate, string, error) {
	certificate, key := filepath.Join(folder, "peer.crt"), filepath.Join(folder, "peer.key")
	if _, err := os.Stat(key); err != nil {
		if err := makeIdentity(folder, name, certificate, key); err != nil {
			return tls.Certificate{}, "", err
		}
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return tls.Certificate{}, "", err
	}
	ski, err := cert.SkiFromCertificate(leaf)
	return pair, ski, err
}

func makeIdentity(folder, name, certificate, key string) error {
	made, err := cert.CreateCertificate("Interop", "Volthus", "DE", name)
	if err != nil {
		return err
	}
	private, isEcdsa := made.PrivateKey.(*ecdsa.PrivateKey)
	if !isEcdsa {
		return fmt.Errorf("the stack made a key of type %T", made.PrivateKey)
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := writePem(certificate, "CERTIFICATE", made.Certificate[0]); err != nil {
		return err
	}
	return writePem(key, "EC PRIVATE KEY", der)
}

func writePem(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

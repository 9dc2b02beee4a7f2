package fence

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"time"
)

const (
	// authorityAge and serverAge are how long the certificates hold. `airlock auth certificate` makes a new one for the server.
	authorityAge = 10 * 365 * 24 * time.Hour
	serverAge    = 2 * 365 * 24 * time.Hour
	// backdated is how far behind another machine's clock may be.
	backdated = time.Hour
)

// makeAuthority makes a certificate authority of one's own: ca.pem, and ca-key.pem, which only making server certificates needs.
func makeAuthority(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	template, err := certificate("Airlock NATS authority", authorityAge)
	if err != nil {
		return err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	return writePair(dir, "ca.pem", "ca-key.pem", der, key)
}

// makeServerCertificate makes the certificate of a server that is reached by some names and addresses, signed by the authority of the directory.
func makeServerCertificate(dir string, hosts []string) error {
	authority, signer, err := readAuthority(dir)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	template, err := certificate(hosts[0], serverAge)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	// Servers of a cluster are one another's clients.
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, key.Public(), signer)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	return writePair(dir, "server.pem", "server-key.pem", der, key)
}

func certificate(name string, age time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-backdated), NotAfter: now.Add(age),
	}, nil
}

func readAuthority(dir string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	authority, err := readPEM(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(authority)
	if err != nil {
		return nil, nil, fmt.Errorf("read ca.pem: %w", err)
	}
	secret, err := readPEM(filepath.Join(dir, "ca-key.pem"))
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(secret)
	if err != nil {
		return nil, nil, fmt.Errorf("read ca-key.pem: %w", err)
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, errors.New("read ca-key.pem: it is no ECDSA key")
	}
	return parsed, signer, nil
}

// writePair writes a certificate, and its key for this user only.
func writePair(dir, certName, keyName string, der []byte, key *ecdsa.PrivateKey) error {
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode key: %w", err)
	}
	if err := writeFile(filepath.Join(dir, keyName), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, certName), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

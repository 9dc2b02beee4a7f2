package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/endpoints"
	"golang.org/x/term"

	"github.com/airlock-run/airlock/bus"
	"github.com/airlock-run/airlock/operations/credentials"
)

// newCredential is what the flags say of one.
type newCredential struct {
	kind, username, file         string
	provider, authURL, tokenURL  string
	clientID                     string
	scopes                       []string
	noBrowser, hasNoClientSecret bool
}

func (c *cli) addCredentialCommand() *cobra.Command {
	n := &newCredential{}
	cmd := &cobra.Command{
		Use: "add ID", Short: "Add a credential, in the place of one that has its id", Args: oneArg("the credential's id"),
		Long: `Add a credential, in the place of one that has its id. The secret (API key, password, or client secret of OAuth2) is asked for without
echo, or read from a file; it is never an argument. For OAuth2 a browser is opened to sign in, and Airlock renews access tokens from then on.
The application that is registered with the provider has to allow redirects to http://127.0.0.1.`,
		Example: `  airlock credentials add shop
  airlock credentials add mail --type basic --username kim@example.com --secret-file -
  airlock credentials add gmail --type oauth2 --provider google --client-id 123.apps.googleusercontent.com --scope https://mail.google.com/`,
	}
	n.flags(cmd, credentials.APIKey, "api_key, basic or oauth2")
	library := libraryFlag(cmd)
	c.jsonFlag(cmd)
	cmd.RunE = c.withConn(func(ctx context.Context, conn *bus.Conn, args []string) error {
		made, err := c.makeCredential(ctx, n)
		if err != nil {
			return err
		}
		c.act(bus.AuditRecord{Operation: "credentials.add", Library: library.UUID, Detail: args[0] + " (" + made.Type + ")"})
		err = operate(ctx, conn, "action:credentials.store", library.UUID, map[string]any{"credential_id": args[0], "credential": made}, new(any))
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(map[string]string{"credential_id": args[0], "type": made.Type})
		}
		c.printf("credential %s is kept\n", printable(args[0]))
		return nil
	})
	return cmd
}

func (n *newCredential) flags(cmd *cobra.Command, kind, kinds string) {
	f := cmd.Flags()
	f.StringVar(&n.kind, "type", kind, kinds)
	f.StringVar(&n.username, "username", "", "user name of type basic, and of mail accounts; default: none")
	f.StringVar(&n.file, "secret-file", "", "file with the secret, - for standard input; default: ask for it")
	f.StringVar(&n.provider, "provider", "", "google or microsoft, whose URLs are known; default: none")
	f.StringVar(&n.authURL, "auth-url", "", "where to sign in; default: the provider's")
	f.StringVar(&n.tokenURL, "token-url", "", "where access tokens come from; default: the provider's")
	f.StringVar(&n.clientID, "client-id", "", "id of the application that is registered with the provider; default: none")
	f.StringSliceVar(&n.scopes, "scope", nil, "what the access token is for; default: what the provider takes for it")
	f.BoolVar(&n.noBrowser, "no-browser", false, "only print the address to sign in at")
	f.BoolVar(&n.hasNoClientSecret, "no-client-secret", false, "the application has no secret")
}

func (c *cli) makeCredential(ctx context.Context, n *newCredential) (*credentials.Credential, error) {
	switch n.kind {
	case credentials.APIKey:
		secret, err := c.readSecret("API key", n.file)
		return &credentials.Credential{Type: n.kind, Key: secret}, err
	case credentials.Basic:
		if n.username == "" {
			return nil, usageError{errors.New("--username is missing, for --type basic")}
		}
		secret, err := c.readSecret("password", n.file)
		return &credentials.Credential{Type: n.kind, Username: n.username, Password: secret}, err
	case credentials.OAuth2:
		return c.signedIn(ctx, n)
	default:
		return nil, usageError{fmt.Errorf("--type %q: want api_key, basic or oauth2", n.kind)}
	}
}

// signedIn is the credential of a person who signs in.
func (c *cli) signedIn(ctx context.Context, n *newCredential) (*credentials.Credential, error) {
	config, options, err := n.oauth2()
	if err != nil {
		return nil, usageError{err}
	}
	if !n.hasNoClientSecret {
		if config.ClientSecret, err = c.readSecret("client secret", n.file); err != nil {
			return nil, err
		}
	}
	show := func(address string) error {
		_, _ = fmt.Fprintf(c.stderr, "sign in at\n\n  %s\n\n", address)
		if n.noBrowser {
			return nil
		}
		return openBrowser(ctx, address)
	}
	token, err := signIn(ctx, config, nethttp.DefaultClient, show, options...)
	if err != nil {
		return nil, err
	}
	if token.RefreshToken == "" {
		return nil, errors.New("the provider gave no refresh token, so the credential could not be renewed: ask for the scope that allows it, often offline_access")
	}
	made := &credentials.Credential{
		Type: credentials.OAuth2, AccessToken: token.AccessToken, RefreshToken: token.RefreshToken, Scopes: config.Scopes,
		ClientID: config.ClientID, ClientSecret: config.ClientSecret, TokenURL: config.Endpoint.TokenURL,
	}
	if !token.Expiry.IsZero() {
		made.ExpiresAt = &token.Expiry
	}
	return made, nil
}

// oauth2 is how to sign in, as flags and provider say.
func (n *newCredential) oauth2() (*oauth2.Config, []oauth2.AuthCodeOption, error) {
	config := &oauth2.Config{ClientID: n.clientID, Scopes: n.scopes}
	var options []oauth2.AuthCodeOption
	switch n.provider {
	case "":
	case "google":
		config.Endpoint = endpoints.Google
		options = append(options, oauth2.AccessTypeOffline, oauth2.SetAuthURLParam("prompt", "consent"))
	case "microsoft":
		config.Endpoint = endpoints.AzureAD("common")
		config.Scopes = append(config.Scopes, "offline_access")
	default:
		return nil, nil, fmt.Errorf("--provider %q: want google or microsoft, or name --auth-url and --token-url", n.provider)
	}
	if n.authURL != "" {
		config.Endpoint.AuthURL = n.authURL
	}
	if n.tokenURL != "" {
		config.Endpoint.TokenURL = n.tokenURL
	}
	for flag, value := range map[string]string{"--client-id": n.clientID, "--auth-url": config.Endpoint.AuthURL, "--token-url": config.Endpoint.TokenURL} {
		if value == "" {
			return nil, nil, fmt.Errorf("%s is missing, for --type oauth2; --provider knows the URLs", flag)
		}
	}
	return config, options, nil
}

// readSecret reads a secret from a file, or asks for it.
func (c *cli) readSecret(what, file string) (string, error) {
	var text []byte
	var err error
	terminal, isFile := c.stdin.(*os.File)
	switch {
	case file != "":
		text, err = c.readInput("@" + file)
	case isFile && term.IsTerminal(int(terminal.Fd())):
		_, _ = fmt.Fprintf(c.stderr, "%s: ", what)
		text, err = term.ReadPassword(int(terminal.Fd()))
		_, _ = io.WriteString(c.stderr, "\n")
	default:
		return "", usageError{fmt.Errorf("there is no terminal to ask for the %s at: say --secret-file - to read it from standard input", what)}
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", what, err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("the %s is empty", what)
	}
	return secret, nil
}

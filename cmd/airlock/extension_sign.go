package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/airlock-run/airlock/extensions"
	"github.com/airlock-run/airlock/extensions/signing"
)

func (c *cli) keygenCommand() *cobra.Command {
	var encrypt bool
	cmd := &cobra.Command{
		Use: "keygen FILE", Short: "Make a key that signs extensions",
		Long: `Make a key that signs extensions: FILE is the private key, which only you may read, and FILE.pub the public one, whose line goes
into the policy of those who trust you. With --encrypt the private key is of no use without its passphrase, which is read from the
variable AIRLOCK_PASSPHRASE, or else asked for. Keys are minisign's.`,
		Example: `  airlock extension keygen ~/.config/airlock/signing.key --encrypt`,
		Args:    oneArg("the file of the private key"),
		RunE:    func(_ *cobra.Command, args []string) error { return c.keygen(args[0], encrypt) },
	}
	cmd.Flags().BoolVar(&encrypt, "encrypt", false, "protect the private key by a passphrase (AIRLOCK_PASSPHRASE)")
	c.jsonFlag(cmd)
	return cmd
}

func (c *cli) keygen(path string, encrypt bool) error {
	passphrase := ""
	if encrypt {
		var err error
		if passphrase, err = c.passphrase(path, true); err != nil {
			return err
		}
	}
	key, err := signing.Generate()
	if err != nil {
		return err
	}
	if err := key.Write(path, passphrase); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there already, and a key is never written over: name another file", path)
		}
		return err
	}
	public := key.Public()
	if err := os.WriteFile(path+".pub", []byte(public.Text()), 0o644); err != nil { //nolint:gosec // it is public
		return fmt.Errorf("write public key: %w", err)
	}
	if c.json {
		return c.printJSON(map[string]string{"id": public.ID(), "public_key": public.String(), "private_file": path, "public_file": path + ".pub"})
	}
	c.printf("%s\n  private    %s, keep it to yourself\n  public     %s\n", public, path, path+".pub")
	return nil
}

func (c *cli) signCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use: "sign FOLDER", Short: "Sign the extension in a folder: its manifest, byte for byte, and its module",
		Long: `Sign the extension in a folder: its manifest, byte for byte, and its module. The signature is kept beside them in
` + extensions.SignaturesFile + `, with those of others that are there. Sign again after each change of either.`,
		Example: `  airlock extension sign .build/guests/finance --key ~/.config/airlock/signing.key`,
		Args:    oneArg("the extension's folder, with manifest.json and the module in it"),
		RunE:    func(_ *cobra.Command, args []string) error { return c.sign(args[0], path) },
	}
	cmd.Flags().StringVar(&path, "key", "", "the file of the private key; no default")
	c.jsonFlag(cmd)
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func (c *cli) sign(folder, path string) error {
	key, err := c.readKey(path)
	if err != nil {
		return err
	}
	p, text, err := unsigned(folder)
	if err != nil {
		return err
	}
	signature, err := signing.Sign(key, text, p.Digest, fmt.Sprintf("%s %s", p.Manifest.ID, p.Manifest.Version))
	if err != nil {
		return err
	}
	var all []signing.Signature
	if p.Signed != nil {
		if all, err = signing.Parse(p.Signed.Signatures); err != nil {
			return fmt.Errorf("%s: %w", extensions.SignaturesFile, err)
		}
	}
	all = signing.Replace(all, signature)
	file := filepath.Join(folder, extensions.SignaturesFile)
	if err := replaceFile(file, signing.Format(all)); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(map[string]any{
			"extension": p.Manifest.ID, "version": p.Manifest.Version, "key": key.Public().ID(),
			"manifest": extensions.Digest(text), "module": p.Digest, "signatures": len(all), "file": file,
		})
	}
	c.printf("%s %s is signed by %s\n  manifest   %s\n  module     %s\n  signatures %d in %s\n", p.Manifest.ID, p.Manifest.Version, key.Public().ID(),
		extensions.Digest(text), p.Digest, len(all), file)
	return nil
}

// unsigned reads an extension and its manifest's text, which are the same moment's.
func unsigned(folder string) (*extensions.Package, []byte, error) {
	p, err := extensions.Load(folder)
	if err != nil {
		return nil, nil, err
	}
	if p.Signed != nil {
		return p, p.Signed.Manifest, nil
	}
	text, err := os.ReadFile(filepath.Join(folder, extensions.ManifestFile)) //nolint:gosec // the person at the keyboard names it
	if err != nil {
		return nil, nil, fmt.Errorf("read manifest: %w", err)
	}
	again, err := extensions.ParseManifest(text)
	if err != nil {
		return nil, nil, err
	}
	if !again.Equal(p.Manifest) {
		return nil, nil, fmt.Errorf("%s changed while it was read", extensions.ManifestFile)
	}
	return p, text, nil
}

func (c *cli) verifyCommand() *cobra.Command {
	var keys []string
	cmd := &cobra.Command{
		Use: "verify FOLDER", Short: "Verify the signatures of the extension in a folder",
		Long: `Verify that the extension in a folder has a signature of each key that is named. A key is a file of a public key, or its line. What
else signed it is listed; a signature of a named key that does not hold is an error, whatever others there are.`,
		Example: `  airlock extension verify .build/guests/finance --key signing.key.pub`,
		Args:    oneArg("the extension's folder, with manifest.json, the module and " + extensions.SignaturesFile + " in it"),
		RunE: func(_ *cobra.Command, args []string) error {
			return c.verify(args[0], keys)
		},
	}
	cmd.Flags().StringArrayVar(&keys, "key", nil, "a public key that must have signed it; may be given several times; no default")
	_ = cmd.MarkFlagRequired("key")
	c.jsonFlag(cmd)
	return cmd
}

// verified is a signature as verify prints it as JSON.
type verified struct {
	Key     string `json:"key"`
	Comment string `json:"comment"`
	// Trusted tells that it was verified with a key that was named.
	Trusted bool `json:"trusted"`
}

func (c *cli) verify(folder string, keys []string) error {
	p, err := extensions.Load(folder)
	if err != nil {
		return err
	}
	trust, public, err := trustIn(string(p.Manifest.ID), keys)
	if err != nil {
		return err
	}
	if _, err := p.Trusted(trust); err != nil {
		return err
	}
	all, err := signing.Parse(p.Signed.Signatures)
	if err != nil {
		return err
	}
	statement := signing.Statement(p.Signed.Manifest, p.Digest)
	listed := make([]verified, len(all))
	for i, s := range all {
		listed[i] = verified{Key: s.KeyID(), Comment: s.Comment()}
		for _, key := range public {
			listed[i].Trusted = listed[i].Trusted || key.Verify(statement, s)
		}
	}
	if c.json {
		return c.printJSON(listed)
	}
	c.printf("%s %s is as it was signed\n  module     %s\n", p.Manifest.ID, p.Manifest.Version, p.Digest)
	for _, v := range listed {
		if v.Trusted {
			c.printf("  signed     by %s: %s\n", v.Key, printable(v.Comment))
		} else {
			c.printf("  unknown    %s, which was not named: not verified\n", v.Key)
		}
	}
	return nil
}

// readKey reads a private key, and asks for its passphrase if it has one.
func (c *cli) readKey(path string) (signing.PrivateKey, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the person at the keyboard names it
	if err != nil {
		return signing.PrivateKey{}, fmt.Errorf("read private key: %w", err)
	}
	key, err := signing.ReadPrivate(text, "")
	if errors.Is(err, signing.ErrEncrypted) {
		passphrase, err := c.passphrase(path, false)
		if err != nil {
			return signing.PrivateKey{}, err
		}
		key, err = signing.ReadPrivate(text, passphrase)
		if err != nil {
			return signing.PrivateKey{}, fmt.Errorf("%s: %w", path, err)
		}
		return key, nil
	}
	if err != nil {
		return signing.PrivateKey{}, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// replaceFile writes a file in one step: it is the old or the new one, whatever happens in between.
func replaceFile(path string, data []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o644); err != nil { //nolint:gosec // signatures are public
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", filepath.Base(path), err), os.Remove(temporary))
	}
	return nil
}

// loaded says in the audit what is loaded.
func (c *cli) loaded(p *extensions.Package) string {
	text := fmt.Sprintf("%s (%s)", oneLine(p.Manifest.Version, 60), p.Version().Short())
	if c.downgrade {
		text += ", downgrade allowed"
	}
	return text
}

// loadDowngrade is what load and reload do with --allow-downgrade before they install.
func (c *cli) loadDowngrade(ctx context.Context, catalogue *extensions.Catalogue, p *extensions.Package) error {
	if !c.downgrade {
		return nil
	}
	return catalogue.LowerFloor(ctx, p.Manifest.ID, p.Manifest.Version)
}

// downgradeAdvice says how to install what is refused for its age.
func downgradeAdvice(err error) error {
	if errors.Is(err, extensions.ErrDowngrade) {
		return fmt.Errorf("%w; --allow-downgrade does", err)
	}
	return err
}

// describeSignatures lists who signed an extension, by what the signatures say: it is for the worker to verify.
func (c *cli) describeSignatures(signed *extensions.Signed) {
	if signed == nil {
		return
	}
	all, err := signing.Parse(signed.Signatures)
	if err != nil {
		c.printf("  signed     unusable: %v\n", err)
		return
	}
	ids := make([]string, len(all))
	for i, s := range all {
		ids[i] = s.KeyID()
	}
	c.printf("  signed     by key %s\n", strings.Join(ids, ", "))
}

package credentials

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/uuid"
)

func TestSeal(t *testing.T) {
	t.Parallel()
	key, err := ParseKey("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	library, secret := uuid.New(), []byte("secret")
	sealed, err := key.seal(library, "id", secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("ok", func(t *testing.T) {
		t.Parallel()
		if got, err := key.open(library, "id", sealed); err != nil || !bytes.Equal(got, secret) {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("never the same twice", func(t *testing.T) {
		t.Parallel()
		again, err := key.seal(library, "id", secret)
		if err != nil || bytes.Equal(again, sealed) {
			t.Errorf("sealed to the same bytes, %v", err)
		}
	})
	t.Run("refuses every changed byte and every shorter text", func(t *testing.T) {
		t.Parallel()
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := key.open(library, "id", changed); !errors.Is(err, errDamaged) {
				t.Fatalf("byte %d: error is %v", i, err)
			}
			if _, err := key.open(library, "id", sealed[:i]); !errors.Is(err, errDamaged) {
				t.Fatalf("%d bytes: error is %v", i, err)
			}
		}
	})
}

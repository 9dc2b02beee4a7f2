package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/airlock-run/airlock/bus"
)

const (
	// maxTSV bounds what tesseract writes: a dense page is 100 KB.
	maxTSV    = 32 << 20
	maxStderr = 4 << 10
	// killDelay is how long the pipes of a killed tesseract may stay open.
	killDelay = 2 * time.Second
)

var languageGrammar = regexp.MustCompile(`^[A-Za-z]\w{0,31}(\+[A-Za-z]\w{0,31}){0,7}$`)

// tesseract runs the command of that name. Safe for concurrent use.
type tesseract struct {
	command string
	dataDir string
	limit   time.Duration

	mu        sync.Mutex
	languages map[string]bool // that were installed when last asked
}

// request is one picture for tesseract.
type request struct {
	picture  io.Reader
	language string
	dpi      int // 0: what the picture says
	frame    int // from 0; -1: the only one
	// turned has tesseract find out which way up the picture is.
	turned bool
}

// read returns the words that a picture shows.
//
// # Errors
//
// bus.Unavailable without a tesseract, bus.FailedPrecondition without the language, bus.InvalidArgument for a picture that
// cannot be decoded or takes longer than the limit, ctx's error.
func (t *tesseract) read(ctx context.Context, r request) ([]reading, error) {
	if err := t.requireLanguage(ctx, r.language); err != nil {
		return nil, err
	}
	// Page segmentation 4 takes the page for one column of text of many sizes: it finds the amounts far to the right.
	// With 1 it finds columns, too, which the boxes undo.
	segmentation := "4"
	if r.turned {
		segmentation = "1"
	}
	args := []string{"stdin", "stdout", "-l", r.language, "--psm", segmentation, "-c", "tessedit_create_tsv=1"}
	if r.dpi > 0 {
		args = append(args, "--dpi", strconv.Itoa(r.dpi))
	}
	if r.frame >= 0 {
		args = append(args, "-c", "tessedit_page_number="+strconv.Itoa(r.frame))
	}
	tsv, err := t.run(ctx, r.picture, args...)
	if err != nil {
		return nil, err
	}
	return parseTSV(tsv)
}

// run executes tesseract in a process group of its own, so that what it starts is killed with it.
func (t *tesseract) run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	path, err := exec.LookPath(t.command)
	if err != nil {
		return nil, bus.Errorf(bus.Unavailable,
			"pictures cannot be read: the command %q is not installed here; install the package tesseract-ocr, or set its path", t.command)
	}
	limited, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	if t.dataDir != "" {
		args = append(args, "--tessdata-dir", t.dataDir)
	}
	var stdout, stderr capped
	stdout.limit, stderr.limit = maxTSV, maxStderr
	cmd := exec.CommandContext(limited, path, args...) //nolint:gosec // the operator's command; arguments are ours and checked
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killDelay
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("run tesseract: %w", ctx.Err())
	case limited.Err() != nil:
		return nil, bus.Errorf(bus.InvalidArgument, "the picture could not be read within %s; send it smaller", t.limit)
	case stdout.over:
		return nil, bus.Errorf(bus.InvalidArgument, "the picture has more text than can be read")
	case err != nil:
		return nil, runError(err, stderr.String())
	}
	return stdout.Bytes(), nil
}

func runError(err error, stderr string) error {
	var exit *exec.ExitError
	// Exit code 1 is tesseract's own word that it could not read the picture; its sentence may hold paths of ours.
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return fmt.Errorf("run tesseract: %w: %s: %w", err, strings.TrimSpace(stderr),
			bus.Errorf(bus.InvalidArgument, "the picture is damaged or of a kind that cannot be decoded"))
	}
	return fmt.Errorf("run tesseract: %w: %s", err, strings.TrimSpace(stderr))
}

// requireLanguage asks tesseract for its languages when one is not known to be there: it may have been installed since.
func (t *tesseract) requireLanguage(ctx context.Context, language string) error {
	if t.missing(language) == "" {
		return nil
	}
	listed, err := t.run(ctx, nil, "--list-langs")
	if err != nil {
		return err
	}
	_, names, _ := strings.Cut(string(listed), "\n") // after a heading
	installed := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		installed[name] = true
	}
	t.mu.Lock()
	t.languages = installed
	t.mu.Unlock()
	if missing := t.missing(language); missing != "" {
		return bus.Errorf(bus.FailedPrecondition,
			"the language %q is not installed for tesseract here; install the package tesseract-ocr-%s, or ask for another language",
			missing, strings.ReplaceAll(strings.ToLower(missing), "_", "-"))
	}
	return nil
}

// missing returns the first part of language that was not installed when last asked.
func (t *tesseract) missing(language string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range strings.SplitSeq(language, "+") {
		if !t.languages[name] {
			return name
		}
	}
	return ""
}

// capped is a buffer that keeps no more than limit bytes; what is over is dropped, so that the writer goes on.
type capped struct {
	bytes.Buffer
	limit int
	over  bool
}

func (c *capped) Write(p []byte) (int, error) {
	room := min(len(p), c.limit-c.Len())
	c.over = c.over || room < len(p)
	c.Buffer.Write(p[:room])
	return len(p), nil
}

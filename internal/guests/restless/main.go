// Command restless is an extension for tests of what holds when everything fails: its job has effects, and no two attempts of it are
// alike. Their order, when it saves a checkpoint, how long it takes and whether it fails is up to chance.
package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	airlock "github.com/airlock-run/airlock/sdk/go"
)

func main() {}

func init() { //nolint:gochecknoinits // this is how an extension registers its jobs
	airlock.Register(airlock.Job{Name: "effects", Resumable: true, Run: run})
}

// ticks is how many effects are the same call: only how often it was made tells them apart.
const ticks = 3

// state is the input, and what a checkpoint keeps.
type state struct {
	// Effects is how many there are to be, Sleep for how many milliseconds at most it rests after each.
	Effects int             `json:"effects"`
	Sleep   int             `json:"sleep"`
	Done    map[string]bool `json:"done"`
	Ticks   int             `json:"ticks"`
}

func run(job *airlock.JobContext) error {
	s := state{Done: map[string]bool{}}
	if err := job.Input(&s); err != nil {
		return err
	}
	todo := map[string]bool{}
	for i := range s.Effects {
		if name := fmt.Sprintf("e%d", i); !s.Done[name] {
			todo[name] = true
		}
	}
	for len(todo) > 0 || s.Ticks < ticks {
		if job.Interrupted() != airlock.Continue {
			return errors.Join(job.Checkpoint(s), airlock.ErrInterrupted)
		}
		name := "tick"
		if n := len(todo) + ticks - s.Ticks; chance(n) >= ticks-s.Ticks {
			name = any(todo)
		}
		if err := job.Call("action:test.effect", "", map[string]string{"effect": name}, nil); err != nil {
			return err
		}
		if name == "tick" {
			s.Ticks++
		} else {
			s.Done[name] = true
			delete(todo, name)
		}
		if chance(3) == 0 {
			if err := job.Checkpoint(s); err != nil {
				return err
			}
		}
		time.Sleep(time.Duration(chance(s.Sleep+1)) * time.Millisecond) //nolint:forbidigo // a guest has one thread, and this is its work
		switch chance(150) {
		case 0:
			panic("bad luck at " + time.Now().String())
		case 1:
			return errors.New("bad luck")
		}
	}
	return nil
}

// any is one of a set.
func any(set map[string]bool) string {
	n := chance(len(set))
	for name := range set {
		if n--; n < 0 {
			return name
		}
	}
	return ""
}

// chance is a number below n.
func chance(n int) int {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	return int(binary.LittleEndian.Uint32(b[:]) % uint32(n))
}

package sandbox

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/experimental"
)

// sandbox returns a sandbox in which nothing ever ran, or nothing of what ran there is left. Host is told when the guest
// fails to start.
func (m *Module) sandbox(ctx context.Context, host Host) (*instance, error) {
	if m.image == nil {
		starting := &startHost{}
		s, err := m.startGuest(ctx, &instance{state: state{host: starting, registry: &registry{closed: true}}})
		if err != nil {
			starting.tell(host)
		}
		return s, err
	}
	select {
	case s := <-m.idle:
		return s, nil
	default:
		return m.instantiate(ctx, &instance{})
	}
}

// put takes a sandbox back after a run. A guest that failed may be in any state: its sandbox goes, and so does one that
// holds what cannot be restored.
func (s *instance) put(clean bool) {
	s.flushAll()
	if clean && s.restore() {
		select {
		case s.of.idle <- s:
			return
		default:
		}
	}
	s.close()
}

// maxStack is the largest machine stack, in bytes, that an idle sandbox keeps.
const maxStack = 256 << 10

// restore makes the sandbox what it was before its run. It reports whether it could: the engine's memory does not shrink,
// so one that grew is not restored, and a plain one never is.
func (s *instance) restore() bool {
	m := s.of
	if m.image == nil || uint64(s.module.Memory().Size()) != m.image.size() || s.stackSize() > maxStack || !s.memory.restore() {
		return false
	}
	for _, g := range s.globals {
		g.global.Set(g.bits)
	}
	s.fuel.Set(0)
	s.memory.refused = false
	s.state = state{output: [2][]byte{s.output[0][:0], s.output[1][:0]}}
	return true
}

// instantiate makes a new instance. Nothing runs in it: what runs must be stoppable.
func (m *Module) instantiate(ctx context.Context, s *instance) (*instance, error) {
	var err error
	s.of = m
	if s.memory, err = newMemory(m.memory, m.image); err != nil {
		return nil, err
	}
	s.memory.ended = s.over
	ctx = experimental.WithMemoryAllocator(ctx, s.memory)
	err = survive(func() (err error) {
		s.module, err = m.runtime.InstantiateModule(ctx, m.compiled, startConfig)
		return err //nolint:wrapcheck // wrapped below
	})
	if err == nil {
		err = s.find()
	}
	if err != nil {
		err = fmt.Errorf("start the guest: %w", s.ended(ctx, err))
		s.close()
		return nil, err
	}
	return s, nil
}

package prepare

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// aged is an entry that may be removed.
type aged struct {
	key  string
	size int64
	used time.Time
}

// evict removes entries that were not used for longest, until the rest is small enough. Those that somebody uses or
// makes stay, and so does the one of a key.
func (c *cache) evict(keep string) error {
	entries, err := c.entries()
	if err != nil {
		return err
	}
	var size int64
	for _, e := range entries {
		size += e.size
	}
	slices.SortFunc(entries, func(a, b aged) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.key, b.key))
	})
	for _, e := range entries {
		if size <= c.maxBytes {
			return nil
		}
		if e.key == keep {
			continue
		}
		removed, err := c.removeUnused(e.key)
		if err != nil {
			return err
		}
		if removed {
			size -= e.size
			c.log.Debug("prepared module removed from the cache: it is full", "path", c.path(e.key))
		}
	}
	return nil
}

func (c *cache) entries() ([]aged, error) {
	items, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, fmt.Errorf("read cache: %w", err)
	}
	var entries []aged
	for _, item := range items {
		if !item.IsDir() || strings.Contains(item.Name(), ".") {
			continue
		}
		if e, ok := c.age(item.Name()); ok {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// age tells how large an entry is, and when it was used. One that cannot be read is nobody's, and the oldest.
func (c *cache) age(key string) (aged, bool) {
	root, err := os.OpenRoot(c.path(key))
	if err != nil {
		return aged{}, false // removed by another
	}
	defer func() { _ = root.Close() }()
	a := aged{key: key}
	if info, err := root.Stat(entryFile); err == nil {
		a.used, a.size = info.ModTime(), info.Size()
	}
	if e, err := readEntry(root); err == nil {
		a.size += e.size()
	}
	return a, true
}

// removeUnused removes an entry that nobody uses.
func (c *cache) removeUnused(key string) (bool, error) {
	lock, err := tryLock(c.path(key) + lockSuffix)
	if errors.Is(err, errTaken) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer unlock(lock)
	dir, err := os.Open(c.path(key))
	if err != nil {
		return false, nil // removed by another
	}
	defer func() { _ = dir.Close() }()
	if lockAlone(dir) != nil {
		return false, nil
	}
	return true, c.remove(key)
}

package fair

// deque is a ring that grows by doubling and gives memory back.
type deque[J any] struct {
	ring  []J
	first int
	n     int
}

func (d *deque[J]) len() int { return d.n }

func (d *deque[J]) pushBack(job J) {
	if d.n == len(d.ring) {
		d.resize(max(4, 2*d.n))
	}
	d.ring[(d.first+d.n)%len(d.ring)] = job
	d.n++
}

func (d *deque[J]) pushFront(job J) {
	if d.n == len(d.ring) {
		d.resize(max(4, 2*d.n))
	}
	d.first = (d.first - 1 + len(d.ring)) % len(d.ring)
	d.ring[d.first] = job
	d.n++
}

func (d *deque[J]) popFront() J {
	var none J
	job := d.ring[d.first]
	d.ring[d.first] = none
	d.first = (d.first + 1) % len(d.ring)
	d.n--
	if len(d.ring) > 64 && d.n < len(d.ring)/4 {
		d.resize(len(d.ring) / 2)
	}
	return job
}

func (d *deque[J]) resize(n int) {
	ring := make([]J, n)
	for i := range d.n {
		ring[i] = d.ring[(d.first+i)%len(d.ring)]
	}
	d.ring, d.first = ring, 0
}

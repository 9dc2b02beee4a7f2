// Command greeter is a small extension: one call that its manifest allows, and one that it does not.
package main

import airlock "github.com/airlock-run/airlock/sdk/go"

func main() {}

func init() {
	airlock.Register(airlock.Job{Name: "greet", Run: greet})
}

func greet(job *airlock.JobContext) error {
	var answer struct {
		Pong string `json:"pong"`
	}
	if err := job.Call("query:test.ping", "", "hello", &answer); err != nil {
		return err
	}
	job.Log(airlock.LevelInfo, "test.ping answered: %s", answer.Pong)

	_, err := job.Credentials().Get("mail")
	job.Log(airlock.LevelInfo, "credentials.get answered: %v", err)
	return nil
}

// Package airlocktest is a host for tests: it runs a job that was compiled natively, answers its calls, and remembers what the
// job did.
//
//	func TestGreet(t *testing.T) {
//		host := airlocktest.New(t)
//		host.Handle("query:ai.ocr", func(json.RawMessage) (any, error) {
//			return airlock.OCRResult{Text: "hello"}, nil
//		})
//		if code := host.Run("greet", airlocktest.WithInput(map[string]string{"name": "Ada"})); code != 0 {
//			t.Fatalf("exit code %d; log: %v", code, host.Logs())
//		}
//	}
//
// The jobs are those that the package under test registered. query:test.ping, vdfs, search, credentials, state, events and sub-jobs work without being told how:
// they keep their data in the host's memory, under the rules of the protocol; [Host.Settings] makes settings; sub-jobs run when [Host.EndSubJobs] says how they ended. Every other call is answered `unavailable` until
// [Host.Handle] says otherwise, as it is where no service runs.
//
// A host is for one test; tests that run in parallel have one each. It does not check permissions: [Host.Calls] tells what a
// manifest would have to grant.
package airlocktest

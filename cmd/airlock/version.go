package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is the version of Airlock, which an extension's min_host_version is held against.
const version = "0.1.0"

func (c *cli) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs, Example: `  airlock version --json`,
		RunE: func(*cobra.Command, []string) error {
			revision := "unknown"
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						revision = s.Value
					}
				}
			}
			if c.json {
				return c.printJSON(map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
			}
			c.printf("airlock %s (%s, revision %s)\n", version, runtime.Version(), revision)
			return nil
		},
	}
	c.jsonFlag(cmd)
	return cmd
}

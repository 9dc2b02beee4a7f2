package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// childArgument is what this command is called with to measure something in a process of its own.
const childArgument = "in-process"

// inProcess measures something in a fresh process of this command, and returns the figures.
func inProcess(ctx context.Context, what string, args ...string) ([]float64, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return figuresOf(exec.CommandContext(ctx, self, append([]string{childArgument, what}, args...)...)) //nolint:gosec // ourselves
}

// figuresOf runs a command that prints numbers, one a line. What it notes is passed on.
func figuresOf(cmd *exec.Cmd) ([]float64, error) {
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args[1:], " "), err)
	}
	var figures []float64
	for line := range strings.FieldsSeq(string(out)) {
		figure, err := strconv.ParseFloat(line, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args[1:], " "), err)
		}
		figures = append(figures, figure)
	}
	return figures, nil
}

// child is what such a process does.
func child(ctx context.Context, what string, args []string) error {
	measure, ok := map[string]func(context.Context, []string) ([]float64, error){
		"alive-ours": aliveOurs, "alive-plain": alivePlain, "first": first, "preparing": preparing,
	}[what]
	if !ok {
		return fmt.Errorf("there is nothing called %q to measure", what)
	}
	figures, err := measure(ctx, args)
	if err != nil {
		return err
	}
	for _, figure := range figures {
		fmt.Println(figure) //nolint:forbidigo // the parent reads it
	}
	return nil
}

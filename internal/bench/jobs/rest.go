package main

import "context"

func measureEnqueue(context.Context) ([]row, error) { return nil, nil }
func measureLatency(context.Context) ([]row, error) { return nil, nil }
func measureDelayed(context.Context) ([]row, error) { return nil, nil }
func measureMillion(context.Context) ([]row, error) { return nil, nil }

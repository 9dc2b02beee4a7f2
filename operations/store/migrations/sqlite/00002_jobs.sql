-- +goose Up

-- The list of jobs is in a file of its own, see the set sqlite-jobs. It is made again from the streams.
DROP TABLE jobs;
DROP TABLE projections;

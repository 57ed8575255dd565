package main

import (
	"os"
	"slices"
)

// openTries bounds how often a directory is read again because the agent has rotated its files meanwhile, which it does some times a minute at
// most.
const openTries = 20

// openLogs opens all that is listed as it is at one moment, so that files that get other names meanwhile are neither left out nor searched twice.
// Standard input is nil.
func openLogs(list func(fail func(error)) []string, fail func(error)) []*os.File {
	for try := 1; ; try++ {
		var errs []error
		note := func(err error) { errs = append(errs, err) }
		listed := list(note)
		files := openAll(listed, note)
		if try < openTries && !isMoment(files, listed, list(func(error) {})) {
			closeLogs(files)
			continue
		}
		for _, err := range errs {
			fail(err)
		}
		return files
	}
}

func openAll(names []string, fail func(error)) []*os.File {
	var files []*os.File
	for _, name := range names {
		if name == "-" {
			files = append(files, nil)
			continue
		}
		file, err := os.Open(name)
		if err != nil {
			fail(err)
			continue
		}
		files = append(files, file)
	}
	return files
}

// isMoment says whether the names were the same before and after the files were opened, and still are those of the files.
func isMoment(files []*os.File, before, after []string) bool {
	return slices.Equal(before, after) && !slices.ContainsFunc(files, func(file *os.File) bool { return file != nil && !isStill(file) })
}

func closeLogs(files []*os.File) {
	for _, file := range files {
		if file != nil {
			_ = file.Close() // it was only read
		}
	}
}

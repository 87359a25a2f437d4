module example.org/caller

go 1.20

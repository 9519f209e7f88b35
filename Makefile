# The two commands. Everything else: cargo xtask help
.PHONY: run test

run:
	cargo xtask run

test:
	cargo xtask test

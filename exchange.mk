# A real Asterisk 22 on loopback, for trying by hand. Included by the Makefile.
# Root is needed: Asterisk runs in a folder of its own (a chroot), which is installed on first use
# into $CALLCENTER_CACHE, or ~/.cache/callcenter. Only the standard library is used.

.PHONY: exchange replays

exchange: $(VENV)/bin/python ## a real Asterisk with this project's configuration, until Ctrl-C
	@$(BIN)/python -m tests.exchange.by_hand exchange

replays: $(VENV)/bin/python ## record tests/replays/*.ami again on the real Asterisk
	@$(BIN)/python -m tests.replays.record $(NAMES)

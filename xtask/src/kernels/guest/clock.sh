# Proves what clocks do to the time axis and to waits: the wall clock is stepped, and the host sleeps. Sourced.

# Steps of the wall clock are no time that passed: intervals are as long as before, none is missing, and the time axis
# goes on as it began. What is noted of now by the wall clock is noted of now on the axis.
stepped() {
	serve $SERVER --interval 500ms
	until_true 20 comes 1 || fail "no interval"
	began=$(get /api/v1/histogram | number to_ms)
	for by in 3600 -7200 3600; do
		date -s "@$(($(date +%s) + by))" >/dev/null || fail "the clock can't be set"
		seq=$(get /api/v1/state | number seq)
		until_true 20 comes $((seq + 3)) || fail "no interval since the clock was stepped by $by s"
		get '/api/v1/histogram?intervals=3' | tail -n 1 | tee /tmp/histogram
		echo
		until=$(number to_ms </tmp/histogram)
		took=$((until - $(number from_ms </tmp/histogram)))
		passed=$((until - began))
		# A busy host may hold the guest up, but for no hour.
		[ $took -ge 1400 ] && [ $took -lt 60000 ] || fail "three intervals took $took ms"
		[ $passed -gt 0 ] && [ $passed -lt 600000 ] || fail "by the time axis $passed ms have passed"
		request POST /api/v1/notes "{\"text\":\"now\",\"at_ms\":$(date +%s)000}"
		[ "$STATUS" = 201 ] || fail "a note of now was refused: $(cat /tmp/answer)"
		after=$(($(number at_ms </tmp/answer) - until))
		[ $after -gt -5000 ] && [ $after -lt 60000 ] || fail "a note of now is $after ms after the newest interval"
	done
}

# While the host sleeps nobody waits: the sleep is a gap on the time axis, no wait is as long as it, and a viewer gets
# intervals again.
asleep() {
	grep -q deep /sys/power/mem_sleep || fail "this kernel can't suspend to RAM: $(cat /sys/power/mem_sleep /sys/power/state)"
	echo deep >/sys/power/mem_sleep
	serve $SERVER --interval 500ms
	overload
	watch
	until_true 20 sees 3 || fail "a viewer saw no interval: $(head -c 500 /tmp/viewer)"
	from=$(get /api/v1/state | number seq)
	# The real time clock wakes the machine; a busy host takes seconds until it sleeps.
	echo +6 >/sys/class/rtc/rtc0/wakealarm || fail "no alarm can be set"
	echo mem >/sys/power/state || fail "it does not sleep"
	until_true 20 sees $((from + 4)) || fail "the viewer saw no interval after the sleep"
	seq=$(get /api/v1/state | number seq)
	# One before the sleep is among them, even if another has come meanwhile.
	get "/api/v1/histogram?intervals=$((seq - from + 3))" | tail -n 1 | tee /tmp/histogram
	echo
	took=$(($(number to_ms </tmp/histogram) - $(number from_ms </tmp/histogram)))
	slept=$((took - $(number duration_us </tmp/histogram) / 1000))
	[ $slept -ge 3000 ] && [ $slept -lt 60000 ] || fail "the gap is of $slept ms"
	longest=$(grep -o '"counts":\[[0-9,]*' /tmp/histogram | head -n 1 | tr ',' '\n' | wc -l)
	# Buckets of µs, each twice as long as the one before.
	[ $((1 << longest)) -lt $((slept * 1000)) ] || fail "a wait of bucket $longest, of a sleep of $slept ms"
	waits=$(number waits </tmp/histogram)
	[ $waits -gt 50 ] || fail "$waits waits of an overload"
}

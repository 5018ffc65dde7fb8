"""Every place where the embedded target follows an assumption about AWS that no source confirms, by service.

Each constant says what was assumed and which other answer is possible. When a live probe settles one, change it here
and move the fact to the reference; nothing else has to be touched.
"""

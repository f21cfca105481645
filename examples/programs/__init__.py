"""The zoo: small, odd programs, each a whole step; `examples/zoo.py` exports them."""

SELECT sum(black_scholes(spot, strike, years)) AS total FROM options

SELECT sum(spot * (CASE WHEN d1 < 0 THEN u1 ELSE 1.0 - u1 END)
         - strike * exp(-0.02 * years) * (CASE WHEN d2 < 0 THEN u2 ELSE 1.0 - u2 END)) AS total
FROM (
    SELECT spot, strike, years, d1, d2,
        0.3989422804014327 * exp(-0.5 * d1 * d1) * k1 * (0.319381530 + k1 * (-0.356563782 + k1 * (1.781477937 + k1 * (-1.821255978 + k1 * 1.330274429)))) AS u1,
        0.3989422804014327 * exp(-0.5 * d2 * d2) * k2 * (0.319381530 + k2 * (-0.356563782 + k2 * (1.781477937 + k2 * (-1.821255978 + k2 * 1.330274429)))) AS u2
    FROM (
        SELECT spot, strike, years, d1, d2, 1.0 / (1.0 + 0.2316419 * abs(d1)) AS k1, 1.0 / (1.0 + 0.2316419 * abs(d2)) AS k2
        FROM (
            SELECT spot, strike, years, d1, d1 - 0.3 * sqrt(years) AS d2
            FROM (SELECT spot, strike, years, (ln(spot / strike) + 0.065 * years) / (0.3 * sqrt(years)) AS d1 FROM options)
        )
    )
)

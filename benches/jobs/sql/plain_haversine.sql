SELECT city, sum(km) AS total, count(*) AS trips, max(km) AS longest
FROM (
    SELECT city, 2.0 * 6371.0088 * asin(least(sqrt(
        power(sin(radians(lat2 - lat1) / 2.0), 2)
        + cos(radians(lat1)) * cos(radians(lat2)) * power(sin(radians(lon2 - lon1) / 2.0), 2)
    ), 1.0)) AS km
    FROM trips
)
GROUP BY city ORDER BY city

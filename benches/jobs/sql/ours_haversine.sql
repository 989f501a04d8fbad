SELECT city, sum(km) AS total, count(*) AS trips, max(km) AS longest
FROM (SELECT city, haversine(lat1, lon1, lat2, lon2) AS km FROM trips)
GROUP BY city ORDER BY city

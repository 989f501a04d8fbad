SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
    sum(disc_price(l_extendedprice, l_discount)), sum(charge(l_extendedprice, l_discount, l_tax)),
    avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
FROM lineitem WHERE l_shipdate <= DATE '1998-09-02'
GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus

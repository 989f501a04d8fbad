SELECT sum(forecast(l_shipdate, l_discount, l_quantity, l_extendedprice)) AS revenue FROM lineitem

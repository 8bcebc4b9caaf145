"""The demonstration customers: invented, the same each time for one day, written as a lender's feed."""

"""The statistics: what has to be known of a picture as a whole, as sums that add up."""

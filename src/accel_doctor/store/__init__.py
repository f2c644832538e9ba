"""What is kept between runs: built wheels by build key, and what makes a key."""

"""Go, turn or bend the knees; the robot has to stand on a base that moves."""

"""ROS bags, in and out."""

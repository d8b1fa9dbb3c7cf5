"""What the planner shares of ROS 2: types ↔ messages, and the robot and memory that other nodes serve."""

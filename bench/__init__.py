"""What the mesh costs, against yardsticks measured in the same run."""

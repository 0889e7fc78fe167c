"""What a query needs of whom, decided from summaries alone: nothing in here waits for a member."""

"""What the commands do that show and change data: each asks `resolvers/`, and answers as REST does."""

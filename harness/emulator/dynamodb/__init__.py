"""DynamoDB: items, tables and their policies, with moto as the store behind them."""

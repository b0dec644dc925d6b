-- Gates, what they hold, what went through them; vetoes; what people decided beforehand.

SELECT 1;

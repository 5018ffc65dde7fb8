"""S3: buckets, objects, versions, uploads, and the policies of buckets."""

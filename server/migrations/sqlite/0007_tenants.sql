-- Who has made a tenant: an account makes so many, however many others make it a member of.
ALTER TABLE tenants ADD COLUMN created_by TEXT;

CREATE INDEX tenants_of_creator ON tenants (created_by);

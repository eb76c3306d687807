-- How the tables lie over the shards. Run once by the holder of the database, after the first migration.
-- Tables about persons go by person; a mailbox by its institution and a lot by itself, since that is how they are read;
-- what every shard needs is a reference table. What is not named stays on the coordinator.

\connect repertory
SELECT create_distributed_table('inscriptions', 'ssin', shard_count => 128);
SELECT create_distributed_table('replacements', 'ssin', colocate_with => 'inscriptions');
SELECT create_distributed_table('deceases', 'ssin', colocate_with => 'inscriptions');
SELECT create_reference_table('revisions');
SELECT create_reference_table('policy_items');

\connect router
SELECT create_distributed_table('mutations', 'ssin', shard_count => 128);
SELECT create_distributed_table('askables', 'ssin', colocate_with => 'mutations');
SELECT create_distributed_table('mailboxes', 'institution', shard_count => 128, colocate_with => 'none');
SELECT create_distributed_table('deliveries', 'institution', colocate_with => 'mailboxes');
SELECT create_distributed_table('mailbox_settings', 'institution', colocate_with => 'mailboxes');
SELECT create_distributed_table('swept_deliveries', 'institution', colocate_with => 'mailboxes');
SELECT create_distributed_table('first_deliveries', 'institution', colocate_with => 'mailboxes');
SELECT create_distributed_table('lot_persons', 'lot', shard_count => 128, colocate_with => 'none');
SELECT create_distributed_table('lot_replies', 'lot', colocate_with => 'lot_persons');

\connect declarations
SELECT create_distributed_table('dimona_periods', 'ssin', shard_count => 128);
SELECT create_distributed_table('dimona_registrations', 'ssin', colocate_with => 'dimona_periods');
SELECT create_distributed_table('replaced_persons', 'ssin', colocate_with => 'dimona_periods');
SELECT create_distributed_table('declarations', 'employer', shard_count => 128, colocate_with => 'none');
SELECT create_distributed_table('mandates', 'employer', shard_count => 128, colocate_with => 'none');
SELECT create_distributed_table('risks', 'ssin', colocate_with => 'dimona_periods');
SELECT create_distributed_table('risk_declarations', 'declarer', shard_count => 128, colocate_with => 'none');
SELECT create_distributed_table('dmfa_persons', 'ssin', colocate_with => 'dimona_periods');
SELECT create_distributed_table('dmfa_declarations', 'employer', colocate_with => 'declarations');
SELECT create_distributed_table('dmfa_parts', 'employer', colocate_with => 'declarations');
SELECT create_reference_table('employers');

\connect rights
SELECT create_distributed_table('statements', 'ssin', shard_count => 128);
SELECT create_distributed_table('households', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('decisions', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('dues', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('asked', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('followed', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('replaced_numbers', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('certificate_refusals', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('waivers', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('waiver_revocations', 'ssin', colocate_with => 'statements');
SELECT create_distributed_table('integrated', 'ssin', colocate_with => 'statements');

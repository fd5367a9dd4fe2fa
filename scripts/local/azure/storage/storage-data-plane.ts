import type { ArmRequest, ArmResponse } from '../arm/arm';
import { param } from '../arm/arm';
import type { Route } from '../arm/router';
import type { Resource } from '../arm/store';

/**
 * As much of the data planes of Azure Storage as the provider asks for where it is not told to leave them alone: what
 * the blob and queue services are set to. Both say so in XML.
 */
export function storageDataPlaneRoutes(accountNamed: (name: string) => Resource | undefined): Route[] {
  const at = (service: string, properties: string): Route => ({
    host: `{account}.${service}.core.windows.net`,
    audience: 'https://storage.azure.com',
    method: 'GET',
    pattern: '/',
    handle: (request) => answer(request, properties),
  });
  const answer = (request: ArmRequest, properties: string): ArmResponse => {
    if (accountNamed(param(request, 'account')) === undefined) {
      return xml(404, error('ResourceNotFound', 'The specified resource does not exist.'));
    }
    const { query } = request;
    if (query.get('restype') !== 'service' || query.get('comp') !== 'properties') {
      return xml(
        501,
        error('NotImplementedByStandIn', 'The Azure stand-in answers for service properties alone.'),
      );
    }
    return xml(200, `<StorageServiceProperties>${properties}</StorageServiceProperties>`);
  };
  return [
    at('blob', `${LOGGING}${METRICS}<Cors /><StaticWebsite><Enabled>false</Enabled></StaticWebsite>`),
    at('queue', `${LOGGING}${METRICS}<Cors />`),
  ];
}

const NOT_KEPT = '<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>';
const LOGGING = `<Logging><Version>1.0</Version><Delete>false</Delete><Read>false</Read><Write>false</Write>${NOT_KEPT}</Logging>`;
const METRICS = ['HourMetrics', 'MinuteMetrics']
  .map((name) => `<${name}><Version>1.0</Version><Enabled>false</Enabled>${NOT_KEPT}</${name}>`)
  .join('');

function error(code: string, message: string): string {
  return `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

function xml(status: number, text: string): ArmResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/xml' },
    text: `<?xml version="1.0" encoding="utf-8"?>${text}`,
  };
}
